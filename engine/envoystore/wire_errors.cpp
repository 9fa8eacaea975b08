#include "engine/envoystore/wire_errors.h"

namespace troupe {

envoyproto::SqliteErrorResponse to_wire(const Error& error) {
  if (error.is("actor", "not_found") || error.is("actor", "fenced")) return internal_failure("actor does not exist");
  // The id could not be read; the text says why.
  if (error.group() == "api") return internal_failure(error.message());
  if (error.is("core", "internal_error") && !error.detail().empty()) return internal_failure(error.detail());
  envoyproto::SqliteErrorResponse response;
  response.group = error.group();
  response.code = error.code();
  response.message = error.message();
  return response;
}

envoyproto::SqliteErrorResponse internal_failure(std::string message) {
  envoyproto::SqliteErrorResponse response;
  response.group = "core";
  response.code = "internal_error";
  response.message = std::move(message);
  return response;
}

envoyproto::SqliteErrorResponse invalid_request(std::string message) {
  envoyproto::SqliteErrorResponse response;
  response.group = "sqlite";
  response.code = "invalid_request";
  response.message = std::move(message);
  return response;
}

}  // namespace troupe
