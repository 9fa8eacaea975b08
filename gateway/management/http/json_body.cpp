#include "gateway/management/http/json_body.h"

#include <algorithm>

#include "gateway/management/http/json_scan.h"

namespace troupe::management {

namespace {

Error bad_syntax(const std::string& why) { return bad_request("Failed to parse the request body as JSON: " + why); }

bool is_json_content(const HttpHeaders& headers) {
  const auto* header = headers.find("content-type");
  if (!header) return false;
  std::string type = header->substr(0, header->find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  std::ranges::transform(type, type.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

std::string describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "boolean `" + value.dump() + "`";
    case Json::value_t::string:
      return "string " + value.dump(-1, ' ', false, Json::error_handler_t::replace);
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return "integer `" + value.dump() + "`";
    case Json::value_t::number_float:
      return "floating point `" + value.dump() + "`";
    case Json::value_t::array:
      return "sequence";
    default:
      return "map";
  }
}

/// What is wrong with a member, or nothing.
std::optional<std::string> problem(const Field& field, const Json& value) {
  const std::string prefix = std::string(field.name) + ": ";
  if (field.kind == FieldKind::object)
    return value.is_object() ? std::nullopt
                             : std::optional(prefix + "invalid type: " + describe(value) + ", expected a map");
  if (value.is_null() && !field.required) return std::nullopt;
  if (!value.is_string()) return prefix + "invalid type: " + describe(value) + ", expected a string";
  if (field.kind == FieldKind::variant) {
    const auto& text = value.get_ref<const std::string&>();
    if (std::ranges::find(field.variants, text) == field.variants.end())
      return prefix + unknown_variant(text, field.variants);
  }
  return std::nullopt;
}

/// Reads a streamed body into memory, up to the bound.
Task<Result<Bytes>> collect(std::shared_ptr<BodyStream> stream) {
  Bytes body;
  while (true) {
    auto piece = co_await stream->read();
    if (!piece) co_return bad_request("Failed to buffer the request body: " + piece.error().message());
    if (!*piece) co_return body;
    if (body.size() + (*piece)->size() > kBodyBytesMax) {
      stream->cancel();
      co_return bad_request("Failed to buffer the request body: length limit exceeded");
    }
    body.insert(body.end(), (*piece)->begin(), (*piece)->end());
  }
}

}  // namespace

Error bad_shape(const std::string& why) {
  return bad_request("Failed to deserialize the JSON body into the target type: " + why);
}

Task<Result<JsonBody>> JsonBody::read(const HttpRequest& request, std::span<const Field> fields) {
  if (!is_json_content(request.headers))
    co_return bad_request("Expected request with `Content-Type: application/json`");
  if (request.stream) {
    TROUPE_CO_TRY(const auto body, co_await collect(request.stream));
    co_return parse(as_text(body), fields);
  }
  if (request.body.size() > kBodyBytesMax)
    co_return bad_request("Failed to buffer the request body: length limit exceeded");
  co_return parse(as_text(request.body), fields);
}

Result<JsonBody> JsonBody::parse(std::string_view text, std::span<const Field> fields) {
  JsonOutline outline;
  if (auto error = scan_json(text, outline)) return bad_syntax(error->message + json_position(text, error->offset));
  JsonBody body;
  // Members as they come, duplicates included: the DOM would keep only one of them.
  std::vector<std::string> keys;
  const auto note_keys = [&keys](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1) keys.push_back(parsed.get<std::string>());
    return true;
  };
  body.root_ = Json::parse(text.begin(), text.end(), note_keys, false);
  // The grammar is fine, so it is the encoding of a text or a number beyond double.
  if (body.root_.is_discarded()) return bad_syntax("invalid unicode code point" + json_position(text, outline.end));
  if (!body.root_.is_object())
    return bad_shape("invalid type: " + describe(body.root_) + ", expected a map" + json_position(text, outline.end));

  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto& key = keys[i];
    const auto& at = outline.members.at(i);
    const auto* field = find_field(fields, key);
    if (!field) return bad_shape(unknown_field(key, fields) + json_position(text, at.key_end));
    if (std::find(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i), key) !=
        keys.begin() + static_cast<std::ptrdiff_t>(i))
      return bad_shape("duplicate field `" + key + "`" + json_position(text, at.key_end));
    if (auto why = problem(*field, body.root_.at(key))) return bad_shape(*why + json_position(text, at.value_end));
  }
  for (const auto& field : fields)
    if (field.required && !body.root_.contains(field.name))
      return bad_shape(missing_field(field.name) + json_position(text, outline.end));
  return body;
}

std::optional<std::string> JsonBody::text(std::string_view name) const {
  const auto found = root_.find(name);
  if (found == root_.end() || found->is_null()) return std::nullopt;
  return found->get<std::string>();
}

const Json& JsonBody::json(std::string_view name) const {
  static const Json kNull;
  const auto found = root_.find(name);
  return found == root_.end() ? kNull : *found;
}

std::string JsonBody::required(std::string_view name) const { return root_.find(name)->get<std::string>(); }

}  // namespace troupe::management
