#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/http/gateway_context.h"
#include "gateway/http/request_parser.h"
#include "gateway/http/response_head.h"
#include "gateway/http/tcp.h"
#include "gateway/routing/target.h"

namespace troupe {

/// One client's HTTP/1 connection: reads a request, has it answered, writes the answer, and so on. A WebSocket upgrade
/// hands the socket over to a WebSocketSession. Buffers are kept between requests.
/// Threads: ServerConnection: any; the rest on the strand of the socket.
class HttpConnection final : public ServerConnection,
                             public ProxyObserver,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<GatewayContext> context, ConnectionSet::Membership membership, TcpSocket socket,
                 Strand strand);

  void run();

  void expire() override;
  void drain() override;
  void going_away() override;
  void cut() override;

 private:
  /// What the connection waits for, which says what its deadline means.
  enum class Phase { idle, head, body, resolving, forwarding, writing, streaming, closing };

  /// Who asked, and how the answer has to be framed.
  struct Exchange {
    std::string ray_id;
    std::optional<std::string> origin;
    bool actor_route = false;
    bool is_head = false;
    bool http11 = true;
    bool keep_alive = true;
    /// The 101 that would accept the upgrade; empty for plain requests.
    std::string accept_head;
  };

  Task<void> serve();
  /// False: the connection is over, for lack of input or because of it.
  Task<bool> read_request();
  bool make_room();
  Task<void> reject(RequestParser::Status status);
  Task<void> refuse_body(Error error);

  /// Reads what the answer depends on and gives the request its ray id.
  void begin_exchange(HttpRequest& request);
  Task<HttpResponse> respond(HttpRequest request);
  Task<void> upgrade(HttpRequest request);
  HttpResponse broken_handshake(std::string_view fault) const;

  void finish_headers(HttpResponse& response) const;
  /// False: the client is gone.
  Task<bool> write(HttpResponse response);
  /// Of `stream_`.
  Task<bool> write_stream(bool chunked);
  Task<bool> write_rest(std::vector<boost::asio::const_buffer> buffers);
  void watch_for_disconnect();
  Task<void> linger();

  // ProxyObserver
  void resolving() override;
  void forwarding() override;
  bool given_up() const override;

  void arm(Phase phase, Millis limit);
  void disarm(Phase phase);
  void on_deadline();
  /// Ends a request that takes too long, while its task still runs.
  void abandon(const Error& error);
  void send_now(const std::string& bytes);
  void close_now();

  std::shared_ptr<GatewayContext> context_;
  ConnectionSet::Membership membership_;
  TcpSocket socket_;
  Strand strand_;
  RequestParser parser_;
  BodyBudget::Share bodies_;

  std::vector<char> in_;
  std::size_t begin_ = 0, end_ = 0;
  std::string out_;
  Bytes body_;
  /// The body that is being streamed; told when the connection ends before it does.
  std::shared_ptr<BodyStream> stream_;

  Phase phase_ = Phase::idle;
  Exchange exchange_;
  /// The request was answered by its deadline; what its task still brings is dropped.
  bool abandoned_ = false;
};

}  // namespace troupe
