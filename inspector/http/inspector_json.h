#pragma once

#include <string>
#include <string_view>

#include "troupe/database.h"
#include "troupe/result.h"
#include "troupe/value.h"

/// Values as dashboards read them: plain JSON without the forms of the client protocol. Integers of any size are
/// numbers (digits beyond 2^53 are lost), bytes are arrays of numbers, undefined members are left out.
namespace troupe {

/// Appends to `out`.
void append_plain_json(std::string& out, const Value& value);
void append_plain_json(std::string& out, const SqlValue& value);

/// Appends CBOR as JSON; empty bytes are null. Errors: `core.internal_error` for bytes that are no CBOR.
Result<void> append_cbor_as_json(std::string& out, BytesView cbor);

/// A parameter of a statement. Nothing: there is no SQL form.
std::optional<SqlValue> to_sql_value(const Value& value);

}  // namespace troupe
