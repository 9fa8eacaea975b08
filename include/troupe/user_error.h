#pragma once

#include <exception>
#include <optional>
#include <string>

#include "troupe/error.h"

namespace troupe {

/// Thrown by an actor to tell its client what went wrong: code, message and metadata reach the client as they are.
/// Every other exception becomes `rivetkit.internal_error`, whose text stays in the log.
class UserError : public std::exception {
 public:
  UserError(std::string code, std::string message, std::optional<Value> metadata = std::nullopt)
      : error_(user_error(std::move(code), std::move(message), std::move(metadata))) {}

  const Error& error() const { return error_; }
  const char* what() const noexcept override { return error_.message().c_str(); }

 private:
  Error error_;
};

/// The error that the exception being handled stands for: that of a UserError or BadResult, `actor.aborted` for a
/// cancelled operation, an internal error for everything else. Call it inside a `catch` only.
Error error_of_current_exception();

}  // namespace troupe
