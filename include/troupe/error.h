#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/value.h"

namespace troupe {

/// The generation of an actor that an error came from.
struct ErrorOrigin {
  std::string actor_id;
  std::uint32_t generation = 0;
  std::vector<std::string> key;
};

/// An expected failure, as the protocols carry it: `group.code`, a message and optional metadata.
/// Cheap to copy (shared, immutable). `detail` is for logs only and never leaves the process.
class [[nodiscard]] Error {
 public:
  /// `rivetkit.internal_error`; boost::system::result needs a default.
  Error() : Error("rivetkit", "internal_error", "An internal error occurred") {}
  Error(std::string group, std::string code, std::string message, std::optional<Value> metadata = std::nullopt,
        std::string detail = {});

  const std::string& group() const { return data_->group; }
  const std::string& code() const { return data_->code; }
  const std::string& message() const { return data_->message; }
  const std::optional<Value>& metadata() const { return data_->metadata; }
  const std::string& detail() const { return data_->detail; }

  bool is(std::string_view group, std::string_view code) const { return data_->group == group && data_->code == code; }
  /// "group.code"
  std::string id() const { return data_->group + "." + data_->code; }

  /// Set on errors of calls to other actors; null stands for whoever reports the error.
  const std::shared_ptr<const ErrorOrigin>& origin() const { return data_->origin; }
  /// The same error, said to come from an actor. An error that already comes from one is returned as it is.
  Error from_actor(std::shared_ptr<const ErrorOrigin> origin) const;

  /// The same error with text put before its detail, separated by ": ".
  Error with_context(std::string_view context) const;

 private:
  struct Data {
    std::string group, code, message;
    std::optional<Value> metadata;
    std::string detail;
    std::shared_ptr<const ErrorOrigin> origin;
  };
  explicit Error(Data data) : data_(std::make_shared<const Data>(std::move(data))) {}
  std::shared_ptr<const Data> data_;
};

/// Error of group `user`, as application code raises it for its clients: shown to them unmasked.
Error user_error(std::string code, std::string message, std::optional<Value> metadata = std::nullopt);

/// `rivetkit.internal_error`: clients see a fixed text, the log sees `detail`.
Error internal_error(std::string detail);

}  // namespace troupe
