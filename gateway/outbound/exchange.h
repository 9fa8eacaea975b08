#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>

#include "engine/base/http_client.h"
#include "gateway/outbound/outbound_client.h"
#include "gateway/outbound/response_reader.h"
#include "gateway/outbound/wire.h"

namespace troupe::outbound {

/// One request on a connection of its own, redirects included. Threads: any for the public functions, which go over to
/// the strand of the exchange. Lifetime: shared; `tls` and the ports outlive it.
class Exchange final : public OutboundExchange, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(const Ports& ports, OutboundSettings settings, boost::asio::ssl::context& tls, OutboundRequest request);

  Task<Result<HttpResponse>> response() override;
  void cancel() override;

  Task<Result<std::optional<Bytes>>> read_piece();

 private:
  enum class End { none, timed_out, cancelled };

  static Task<Result<HttpResponse>> run(std::shared_ptr<Exchange> self);
  static Task<Result<std::optional<Bytes>>> next_piece(std::shared_ptr<Exchange> self);
  Task<Result<HttpResponse>> send_once();
  Task<Result<void>> fill();
  /// Closes and says why, as far as it is known.
  Error failed(std::string why);
  void end(End why);
  void limit(Millis time);

  const OutboundSettings settings_;
  boost::asio::ssl::context& tls_;
  Clock& clock_;
  Strand strand_;
  std::unique_ptr<Timer> timer_;
  OutboundRequest request_;
  /// On the monotonic clock; 0 = none.
  std::chrono::nanoseconds deadline_{};
  std::unique_ptr<Wire> wire_;
  std::optional<ResponseReader> reader_;
  End end_ = End::none;
};

}  // namespace troupe::outbound
