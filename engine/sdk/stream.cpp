#include "troupe/stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine/base/errors.h"
#include "troupe/user_error.h"

namespace troupe {

namespace asio = boost::asio;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// Hands pieces from the producer, on the actor's executor, to the reader, on any.
class Pipe final : public BodyWriter {
 public:
  explicit Pipe(Executor executor) : pieces_(std::move(executor), 0) {}

  Task<Result<void>> write(Bytes piece) final {
    if (piece.empty()) co_return Result<void>();
    auto [failed] = co_await pieces_.async_send(boost::system::error_code(), std::move(piece), kAwait);
    if (failed) co_return make_error("actor", "aborted");
    co_return Result<void>();
  }

  Task<Result<std::optional<Bytes>>> read() {
    auto [ended, piece] = co_await pieces_.async_receive(kAwait);
    if (!ended) co_return std::optional<Bytes>(std::move(piece));
    if (error_) co_return *error_;
    co_return std::optional<Bytes>();
  }

  /// The producer is done. The channel's own lock orders the error before the reader's look at it.
  void finish(const Result<void>& outcome) {
    if (!outcome) error_ = outcome.error();
    pieces_.close();
  }
  /// Closing alone would leave a write that waits.
  void cancel() {
    pieces_.close();
    pieces_.cancel();
  }

 private:
  asio::experimental::concurrent_channel<void(boost::system::error_code, Bytes)> pieces_;
  std::optional<Error> error_;
};

/// The reader's end; when it goes away the producer's next write fails.
class PipedBody final : public BodyStream {
 public:
  explicit PipedBody(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
  ~PipedBody() override { pipe_->cancel(); }
  Task<Result<std::optional<Bytes>>> read() final { return read_from(pipe_); }
  void cancel() final { pipe_->cancel(); }

 private:
  static Task<Result<std::optional<Bytes>>> read_from(std::shared_ptr<Pipe> pipe) { co_return co_await pipe->read(); }

  std::shared_ptr<Pipe> pipe_;
};

using Produce = std::function<Task<Result<void>>(BodyWriter&)>;

Task<Result<void>> run_producer(std::shared_ptr<Pipe> pipe, std::shared_ptr<const Produce> produce) {
  Result<void> outcome;
  try {
    auto done = co_await (*produce)(*pipe);
    outcome = std::move(done);
  } catch (...) {
    outcome = error_of_current_exception();
  }
  pipe->finish(outcome);
  co_return outcome;
}

}  // namespace

std::shared_ptr<BodyStream> make_body_stream(ActorContext& context, Produce produce) {
  auto pipe = std::make_shared<Pipe>(context.executor());
  auto shared = std::make_shared<const Produce>(std::move(produce));
  context.spawn([pipe, shared] { return run_producer(pipe, shared); });
  return std::make_shared<PipedBody>(std::move(pipe));
}

}  // namespace troupe
