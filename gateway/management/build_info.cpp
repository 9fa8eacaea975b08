#include "gateway/management/build_info.h"

namespace troupe::build_info {

const std::string_view kVersion = TROUPE_VERSION;
const std::string_view kGitSha = TROUPE_GIT_SHA;
const std::string_view kTimestamp = TROUPE_BUILD_TIMESTAMP;
const std::string_view kCompilerVersion = __VERSION__;
const std::string_view kTarget = TROUPE_TARGET;
#ifdef NDEBUG
const std::string_view kProfile = "release";
#else
const std::string_view kProfile = "debug";
#endif

}  // namespace troupe::build_info
