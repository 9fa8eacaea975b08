#include <utility>

#include "engine/hosts/envoy/tunnel/http_exchange.h"

namespace troupe {
namespace {

constexpr const char* kClientGone = "client dropped streaming response body";

/// Consumed and not yet told to the envoy; well below the window, so that it never waits for this.
constexpr std::uint64_t kCreditBytes = kBodyWindowBytes / 4;

}  // namespace

/// The rest of a streamed answer, as the gateway reads it.
class HttpExchange::Body final : public BodyStream {
 public:
  explicit Body(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}
  ~Body() override { exchange_->body_dropped(); }

  Task<Piece> read() override {
    if (auto piece = exchange_->take_piece()) co_return std::move(*piece);
    auto start = [exchange = exchange_](Continuation<Piece> reader) { exchange->read_piece(std::move(reader)); };
    co_return co_await suspend<Piece>(std::move(start));
  }
  void cancel() override { exchange_->body_dropped(); }

 private:
  const std::shared_ptr<HttpExchange> exchange_;
};

HttpExchange::Answer HttpExchange::take_answer() {
  std::unique_lock lock(mutex_);
  Answer answer = std::move(*std::exchange(answer_, std::nullopt));
  if (!answer) return answer;
  // Nothing of the answer has left yet, so the client can be told what went wrong.
  if (body_failure_) return *body_failure_;
  if (body_complete_) {
    if (pieces_.size() == 1) {
      answer->body = std::move(pieces_.front());
    } else {
      answer->body.reserve(piece_bytes_);
      for (const Bytes& piece : pieces_) answer->body.insert(answer->body.end(), piece.begin(), piece.end());
    }
    pieces_.clear();
    piece_bytes_ = 0;
  } else if (phase_ == Phase::streaming) {
    answer->stream = std::make_shared<Body>(shared_from_this());
  }
  return answer;
}

std::optional<HttpExchange::Piece> HttpExchange::take_piece() {
  std::optional<Piece> piece;
  std::uint64_t credit = 0;
  {
    const std::lock_guard lock(mutex_);
    consumed_ += std::exchange(with_reader_, 0);
    if (streams_ && phase_ == Phase::streaming && consumed_ - credited_ >= kCreditBytes) credit = credited_ = consumed_;
    if (!pieces_.empty()) {
      with_reader_ = pieces_.front().size();
      piece_bytes_ -= with_reader_;
      piece = std::optional<Bytes>(std::move(pieces_.front()));
      pieces_.pop_front();
    } else if (body_failure_) {
      piece = *body_failure_;
    } else if (body_complete_) {
      piece = std::optional<Bytes>();
    }
  }
  if (credit > 0) (void)outlet_->send(envoyproto::ToEnvoyResponseBodyWindowUpdate{credit});
  return piece;
}

void HttpExchange::read_piece(Continuation<Piece> reader) {
  if (auto piece = take_piece()) return reader.post(std::move(*piece));
  {
    const std::lock_guard lock(mutex_);
    if (pieces_.empty() && !body_failure_ && !body_complete_) {
      reader_ = std::move(reader);
      return;
    }
  }
  read_piece(std::move(reader));
}

void HttpExchange::body_dropped() {
  send_abort(envoyproto::HttpStreamAbortReason::Kind::cancelled, kClientGone);
  end(TunnelAbort::client_gone, error_in_phase("tunnel_request_aborted"));
  std::deque<Bytes> dropped;
  const std::lock_guard lock(mutex_);
  dropped.swap(pieces_);
  piece_bytes_ = 0;
}

}  // namespace troupe
