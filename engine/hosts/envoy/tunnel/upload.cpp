#include "engine/hosts/envoy/tunnel/upload.h"

#include <algorithm>
#include <utility>

namespace troupe {

Upload::Upload(std::shared_ptr<TunnelContext> context, std::shared_ptr<Outlet> outlet, Bytes body,
               std::shared_ptr<BodyStream> stream, std::function<void()> failed)
    : context_(std::move(context)),
      outlet_(std::move(outlet)),
      stream_(std::move(stream)),
      failed_(std::move(failed)),
      piece_(std::move(body)),
      last_(!stream_) {}

void Upload::start() {
  if (!stream_) return push();
  context_->detach([self = shared_from_this()] { return self->read_stream(); });
}

void Upload::consumed(std::uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    consumed_ = std::max(consumed_, std::min(bytes, sent_));
  }
  push();
}

void Upload::stop() {
  Continuation<Done> reader;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(finished_, true)) return;
    Bytes().swap(piece_);
    offset_ = 0;
    reader = std::move(reader_);
  }
  if (stream_) stream_->cancel();
  if (reader) reader.post({});
}

void Upload::push() {
  Continuation<Done> reader;
  {
    const std::lock_guard lock(mutex_);
    while (push_piece()) {
    }
    if (finished_ || offset_ == piece_.size()) reader = std::move(reader_);
  }
  if (reader) reader.post({});
}

bool Upload::push_piece() {
  const std::size_t left = piece_.size() - offset_;
  if (finished_ || waiting_for_link_ || (left == 0 && !last_)) return false;
  const std::size_t room = kBodyWindowBytes - static_cast<std::size_t>(sent_ - consumed_);
  const std::size_t size = std::min({left, room, kBodyChunkBytes});
  if (size == 0 && left > 0) return false;
  if (outlet_->link().buffered_bytes() > kLinkBusyBytes) {
    waiting_for_link_ = true;
    context_->detach([self = shared_from_this()] { return self->wait_for_link(); });
    return false;
  }
  const bool whole = offset_ == 0 && size == left;
  envoyproto::ToEnvoyRequestChunk chunk;
  chunk.finish = last_ && size == left;
  if (whole) {
    chunk.body = std::move(piece_);
  } else {
    const auto begin = piece_.begin() + static_cast<std::ptrdiff_t>(offset_);
    chunk.body.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
  }
  envoyproto::ToEnvoyTunnelMessageKind kind = std::move(chunk);
  if (!outlet_->send(std::move(kind))) {
    if (whole) piece_ = std::move(std::get<envoyproto::ToEnvoyRequestChunk>(kind).body);
    return false;
  }
  sent_ += size;
  offset_ += size;
  if (size == left) {
    Bytes().swap(piece_);
    offset_ = 0;
    finished_ = last_;
  }
  return true;
}

Task<void> Upload::wait_for_link() {
  const auto self = shared_from_this();
  co_await outlet_->link().wait_drained();
  {
    const std::lock_guard lock(mutex_);
    waiting_for_link_ = false;
  }
  push();
}

Task<Done> Upload::wait_until_sent() {
  return suspend<Done>([this](Continuation<Done> reader) {
    {
      const std::lock_guard lock(mutex_);
      if (!finished_ && offset_ < piece_.size()) {
        reader_ = std::move(reader);
        return;
      }
    }
    reader.post({});
  });
}

Task<void> Upload::read_stream() {
  const auto self = shared_from_this();
  for (;;) {
    auto piece = co_await stream_->read();
    if (!piece) {
      {
        const std::lock_guard lock(mutex_);
        if (std::exchange(finished_, true)) co_return;
      }
      failed_();
      co_return;
    }
    const bool last = !piece->has_value();
    {
      const std::lock_guard lock(mutex_);
      if (finished_) co_return;
      if (!last) piece_ = std::move(**piece);
      last_ = last;
    }
    push();
    if (last) co_return;
    co_await wait_until_sent();
  }
}

}  // namespace troupe
