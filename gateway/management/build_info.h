#pragma once

#include <string_view>

/// About this build; filled in by the build system.
namespace troupe::build_info {

extern const std::string_view kVersion;
/// "unknown" outside a git checkout.
extern const std::string_view kGitSha;
/// RFC 3339, UTC; honours SOURCE_DATE_EPOCH.
extern const std::string_view kTimestamp;
extern const std::string_view kCompilerVersion;
extern const std::string_view kTarget;
/// "release" or "debug".
extern const std::string_view kProfile;

}  // namespace troupe::build_info
