#pragma once

#include <string>

#include "engine/envoyproto/messages/sqlite_pages.h"
#include "troupe/error.h"

namespace troupe {

/// An error as database answers carry it. Everything that means "not yours" looks alike.
envoyproto::SqliteErrorResponse to_wire(const Error& error);
/// `core.internal_error` with a text.
envoyproto::SqliteErrorResponse internal_failure(std::string message);
/// `sqlite.invalid_request`.
envoyproto::SqliteErrorResponse invalid_request(std::string message);

}  // namespace troupe
