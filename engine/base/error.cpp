#include "troupe/error.h"

#include "engine/base/errors.h"

namespace troupe {

Error::Error(std::string group, std::string code, std::string message, std::optional<Value> metadata,
             std::string detail)
    : Error(Data{std::move(group), std::move(code), std::move(message), std::move(metadata), std::move(detail),
                 nullptr}) {}

Error Error::from_actor(std::shared_ptr<const ErrorOrigin> origin) const {
  if (data_->origin) return *this;
  Data data = *data_;
  data.origin = std::move(origin);
  return Error(std::move(data));
}

Error Error::with_context(std::string_view context) const {
  std::string detail(context);
  if (!data_->detail.empty()) detail.append(": ").append(data_->detail);
  Data data = *data_;
  data.detail = std::move(detail);
  return Error(std::move(data));
}

Error user_error(std::string code, std::string message, std::optional<Value> metadata) {
  if (code.empty()) code = "user_error";
  return Error("user", std::move(code), std::move(message), std::move(metadata));
}

Error internal_error(std::string detail) {
  return make_error("rivetkit", "internal_error", std::nullopt, std::move(detail));
}

}  // namespace troupe
