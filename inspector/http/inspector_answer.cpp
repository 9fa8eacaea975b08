#include "inspector/http/inspector_answer.h"

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "inspector/http/inspector_json.h"

namespace troupe {
namespace {

constexpr int kBadRequest = 400;

std::string error_body(std::string_view group, std::string_view code, std::string_view message, const Value* metadata) {
  std::string out = "{\"group\":";
  append_json_string(out, group);
  out += ",\"code\":";
  append_json_string(out, code);
  out += ",\"message\":";
  append_json_string(out, message);
  out += ",\"metadata\":";
  if (metadata)
    append_plain_json(out, *metadata);
  else
    out += "null";
  out += '}';
  return out;
}

/// Databases report what SQLite said in their metadata.
bool is_database_error(const Error& error) {
  return error.is("core", "internal_error") && error.metadata() && error.metadata()->find("error");
}

}  // namespace

InspectorAnswer inspector_error(const Error& error) {
  const Value* metadata = error.metadata() ? &*error.metadata() : nullptr;
  if (error.group() == "user") return {kBadRequest, error_body(error.group(), error.code(), error.message(), metadata)};
  if (error.code() == "internal_error" && !is_database_error(error)) {
    const auto& text = error.detail().empty() ? error.message() : error.detail();
    return {500, error_body("actor", "internal_error", text, nullptr)};
  }
  return {actor_http_status(error), error_body(error.group(), error.code(), error.message(), metadata)};
}

InspectorAnswer short_error(std::string_view text) {
  std::string body = "{\"error\":";
  append_json_string(body, text);
  body += '}';
  return {kBadRequest, std::move(body)};
}

}  // namespace troupe
