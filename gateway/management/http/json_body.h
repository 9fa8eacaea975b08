#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/management/http/api_call.h"
#include "gateway/management/http/fields.h"
#include "troupe/result.h"

namespace troupe::management {

/// A body whose JSON does not have the shape that is wanted.
Error bad_shape(const std::string& why);

/// A JSON object that matched its declaration.
class JsonBody {
 public:
  /// Reads the body of the request and checks it against `fields` (texts, variants and objects; a text or variant that
  /// is not required may be null). Errors: `api.bad_request` for the content type, the size, the syntax and the shape.
  /// Bound: kBodyBytesMax. Lifetime: the caller keeps both until the task is done.
  static Task<Result<JsonBody>> read(const HttpRequest& request, std::span<const Field> fields);
  /// The part of `read` after the body has arrived.
  static Result<JsonBody> parse(std::string_view text, std::span<const Field> fields);

  /// Nothing when absent or null.
  std::optional<std::string> text(std::string_view name) const;
  /// A required member.
  std::string required(std::string_view name) const;
  /// A member of kind `object`; null when absent. Lifetime: that of the body.
  const Json& json(std::string_view name) const;

 private:
  Json root_;
};

}  // namespace troupe::management
