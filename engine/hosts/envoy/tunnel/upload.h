#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "engine/base/async.h"
#include "engine/hosts/envoy/tunnel/context.h"
#include "engine/hosts/envoy/tunnel/outlet.h"
#include "troupe/http.h"

namespace troupe {

/// The body of a request on its way to the envoy, in pieces and within the window that the envoy grants.
/// Threads: any. Blocks: never. Bound: one piece of a streamed body in memory.
class Upload : public std::enable_shared_from_this<Upload> {
 public:
  /// Either `body` or `stream` is the content. `failed` is called at most once, when the stream fails.
  Upload(std::shared_ptr<TunnelContext> context, std::shared_ptr<Outlet> outlet, Bytes body,
         std::shared_ptr<BodyStream> stream, std::function<void()> failed);

  /// Sends what the window allows. Once, after the head of the request.
  void start();
  /// The envoy has consumed this many bytes since the start. Less than before is ignored, as is what was never sent.
  void consumed(std::uint64_t bytes);
  /// Nobody wants the rest.
  void stop();
  /// The envoy can be sent to again.
  void resume() { push(); }

 private:
  void push();
  /// With `mutex_` held. False: the window is full, the envoy is busy or away, or there is nothing to send.
  bool push_piece();
  Task<void> wait_for_link();
  Task<void> read_stream();
  Task<Done> wait_until_sent();

  const std::shared_ptr<TunnelContext> context_;
  const std::shared_ptr<Outlet> outlet_;
  const std::shared_ptr<BodyStream> stream_;
  const std::function<void()> failed_;

  std::mutex mutex_;
  /// What is to be sent next, from `offset_` on.
  Bytes piece_;
  std::size_t offset_ = 0;
  /// Nothing follows `piece_`.
  bool last_ = false;
  /// Everything is sent, or nobody wants the rest.
  bool finished_ = false;
  bool waiting_for_link_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t consumed_ = 0;
  Continuation<Done> reader_;
};

}  // namespace troupe
