#pragma once

#include <cstdint>

#include "troupe/behavior.h"
#include "troupe/interface_digest.h"

/// What must be the same on both sides when actors are loaded from a library that was built apart: compiler, standard
/// library, Boost, and the headers of Troupe. C++ has no stable interface across these.
namespace troupe {

#define TROUPE_ABI_TEXT_IMPL(x) #x
#define TROUPE_ABI_TEXT(x) TROUPE_ABI_TEXT_IMPL(x)

#if defined(TROUPE_ABI_COMPILER)
// Given by the build.
#elif defined(__clang__)
#define TROUPE_ABI_COMPILER "clang-" TROUPE_ABI_TEXT(__clang_major__)
#elif defined(__GNUC__)
#define TROUPE_ABI_COMPILER "gcc-" TROUPE_ABI_TEXT(__GNUC__)
#else
#define TROUPE_ABI_COMPILER "unknown"
#endif

#if defined(_LIBCPP_VERSION)
#define TROUPE_ABI_LIBRARY "libc++-" TROUPE_ABI_TEXT(_LIBCPP_VERSION)
#elif defined(_GLIBCXX_DEBUG)
#define TROUPE_ABI_LIBRARY "libstdc++-" TROUPE_ABI_TEXT(_GLIBCXX_RELEASE) "-debug"
#else
#define TROUPE_ABI_LIBRARY \
  "libstdc++-" TROUPE_ABI_TEXT(_GLIBCXX_RELEASE) "-cxx11abi" TROUPE_ABI_TEXT(_GLIBCXX_USE_CXX11_ABI)
#endif

#if defined(__SANITIZE_ADDRESS__)
#define TROUPE_ABI_SANITIZER "address"
#elif defined(__SANITIZE_THREAD__)
#define TROUPE_ABI_SANITIZER "thread"
#else
#define TROUPE_ABI_SANITIZER "none"
#endif

#define TROUPE_ABI                                                                                       \
  "troupe=" TROUPE_VERSION_TEXT "\ninterface=" TROUPE_INTERFACE_DIGEST "\ncompiler=" TROUPE_ABI_COMPILER \
  "\nlanguage=" TROUPE_ABI_TEXT(__cplusplus) "\nlibrary=" TROUPE_ABI_LIBRARY "\nboost=" TROUPE_ABI_TEXT( \
      BOOST_VERSION) "\nsanitizer=" TROUPE_ABI_SANITIZER "\n"

/// A digest of the sizes of what crosses the border. It differs when compiler options change layouts that the rest of
/// the identification cannot see.
constexpr std::uint64_t layout_digest() {
  constexpr std::size_t sizes[] = {
      sizeof(void*),        sizeof(std::string),   sizeof(Bytes),           sizeof(Value),
      sizeof(Error),        sizeof(Result<void>),  sizeof(Result<Bytes>),   sizeof(Task<Result<Bytes>>),
      sizeof(ActorOptions), sizeof(BehaviorHooks), sizeof(ActorDefinition), sizeof(ActorInfo),
      sizeof(ActionCall),   sizeof(HttpRequest),   sizeof(HttpResponse),    sizeof(WebSocketMessage),
      sizeof(SqlResult),    sizeof(Executor),      alignof(ActorOptions),   alignof(std::max_align_t)};
  std::uint64_t digest = 14695981039346656037ull;
  for (const auto size : sizes) digest = (digest ^ size) * 1099511628211ull;
  return digest;
}

}  // namespace troupe
