#pragma once

#include <span>
#include <string>
#include <string_view>

/// The wording of strict deserialisation, shared by query strings and JSON bodies.
namespace troupe::management {

enum class FieldKind {
  text,
  /// Unsigned.
  integer,
  boolean,
  variant,
  /// May be repeated (query strings only).
  texts,
  ids,
  /// A JSON object (bodies only); who asks for it reads its members.
  object,
};

struct Field {
  std::string_view name;
  FieldKind kind = FieldKind::text;
  bool required = false;
  /// Of `variant`.
  std::span<const std::string_view> variants = {};
};

const Field* find_field(std::span<const Field> fields, std::string_view name);

/// "bogus: unknown field `bogus`, expected one of `a`, `b`, `c`"
std::string unknown_field(std::string_view name, std::span<const Field> fields);
std::string missing_field(std::string_view name);
/// "unknown variant `x`, expected `a` or `b`"
std::string unknown_variant(std::string_view value, std::span<const std::string_view> variants);

/// Percent and plus decoding of form data. A broken escape is literal.
std::string decode_form(std::string_view text);
/// Percent decoding alone, for path segments.
std::string decode_percent(std::string_view text);

}  // namespace troupe::management
