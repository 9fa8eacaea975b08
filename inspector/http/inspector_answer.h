#pragma once

#include <string>
#include <string_view>

#include "troupe/http.h"
#include "troupe/result.h"

namespace troupe {

/// An answer before the actor's headers are added.
struct InspectorAnswer {
  int status = 200;
  std::string body;
  /// Served as the reference serves its public files.
  bool no_referrer = false;
};

/// `{"group","code","message","metadata"}`, not masked. Status: 400 for errors that an application raises on purpose,
/// what the catalogue says of the inspector's own and of bad requests, 500 for the rest.
InspectorAnswer inspector_error(const Error& error);
/// The short form `{"error":…}`, 400.
InspectorAnswer short_error(std::string_view text);

}  // namespace troupe
