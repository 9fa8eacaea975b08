#pragma once

#include <span>
#include <string_view>

#include "troupe/error.h"

/// The catalogue of every error that a client can see (base/errors.def). C++ callers, the mapping to HTTP and the
/// documentation are made from it.
namespace troupe {

struct ErrorKind {
  std::string_view group, code;
  /// Message; {name} stands for a metadata field.
  std::string_view message;
  /// Used instead when the metadata lack a field of `message`; empty when `message` always applies.
  std::string_view plain_message;
  /// Status of an actor's own HTTP answers, and of answers made by the gateway.
  int actor_status, gateway_status;
  /// Message and metadata reach clients of an actor; other errors are masked.
  bool is_public;
  /// The metadata only fill the message; the error carries none.
  bool drops_metadata;
};

std::span<const ErrorKind> error_catalogue();
/// nullptr for codes that are not in the catalogue (user errors, for instance).
const ErrorKind* find_error_kind(std::string_view group, std::string_view code);

/// Catalogue error with its message filled from `metadata` (an object). Aborts on an unknown code: a bug.
Error make_error(std::string_view group, std::string_view code, std::optional<Value> metadata = std::nullopt,
                 std::string detail = {});

/// Status of an answer that the actor runtime makes for this error: client-protocol §5, user errors are 500.
int actor_http_status(const Error& error);
/// Status of an answer that the gateway makes: gateway §9; other structured errors are 400.
int gateway_http_status(const Error& error);

/// What clients of an actor may see: public errors unchanged, of others the group and code with a fixed message.
Error masked(const Error& error);

}  // namespace troupe
