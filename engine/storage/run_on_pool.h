#pragma once

#include <boost/asio/post.hpp>
#include <type_traits>
#include <utility>

#include "engine/base/async.h"
#include "engine/base/ports.h"

namespace troupe {

/// Runs `fn` on the storage pool and goes on where the caller is at home. Lifetime: `fn` owns what it uses, or its
/// caller keeps it alive until the task has ended.
template <class Fn>
Task<std::invoke_result_t<Fn&>> run_on_pool(Executor storage, Fn fn) {
  using Returned = std::invoke_result_t<Fn&>;
  auto start = [storage = std::move(storage), fn = std::move(fn)](Continuation<Returned> done) mutable {
    boost::asio::post(storage, [fn = std::move(fn), done = std::move(done)]() mutable { done.post(fn()); });
  };
  return suspend<Returned>(std::move(start));
}

}  // namespace troupe
