#pragma once

#include <string_view>

#include "engine/base/errors.h"
#include "gateway/management/http/routes.h"
#include "troupe/http.h"

/// Answers that need no handler, and the CORS headers of all others.
namespace troupe::management {

/// Status of an error on this API: 404, 401 and 403 for `api.*`, 500 for failures of the engine itself, else 400.
int error_status(const Error& error);

/// Error body of the API; failures of the engine itself are shown as `core.internal_error`.
HttpResponse error_answer(const Error& error);

/// `route` is null for unknown paths.
HttpResponse options_answer(const HttpRequest& request, const Route* route);
HttpResponse method_not_allowed(const Route& route);

void add_cors(HttpResponse& response, const HttpRequest& request, const Route* route);

}  // namespace troupe::management
