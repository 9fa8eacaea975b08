#include "src/daemon/metrics_server.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "engine/base/errors.h"
#include "gateway/http/acceptor.h"

namespace troupe::daemon {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr int kConnectionsMax = 16;
constexpr std::size_t kHeadBytesMax = 16u << 10;
constexpr std::chrono::seconds kRequestTimeout{10};
constexpr auto kValues = asio::as_tuple(asio::use_awaitable);

/// Shared by the listener and its sessions, which may outlive it.
struct Shared {
  std::function<std::string()> render;
  std::atomic<int> sessions{0};
};

/// Counts a session for as long as it lives.
class Session {
 public:
  explicit Session(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) { ++shared_->sessions; }
  ~Session() { --shared_->sessions; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  std::shared_ptr<Shared> shared_;
};

Task<void> serve(tcp::socket socket, std::shared_ptr<Shared> shared, std::unique_ptr<Session>) {
  beast::tcp_stream stream(std::move(socket));
  stream.expires_after(kRequestTimeout);
  beast::flat_buffer buffer(kHeadBytesMax);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(kHeadBytesMax);
  const auto [read_error, read_bytes] = co_await http::async_read_header(stream, buffer, parser, kValues);
  if (!read_error) {
    http::response<http::string_body> response(http::status::ok, 11);
    response.set(http::field::content_type, "text/plain; version=0.0.4");
    response.keep_alive(false);
    response.body() = shared->render();
    response.prepare_payload();
    if (parser.get().method() == http::verb::head) response.body().clear();
    // A reader that went away needs nothing more.
    (void)co_await http::async_write(stream, response, kValues);
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }
}

class MetricsServerImpl : public MetricsServer {
 public:
  MetricsServerImpl(Executor executor, std::function<std::string()> render)
      : executor_(executor),
        acceptor_(std::make_shared<tcp::acceptor>(asio::make_strand(executor))),
        shared_(std::make_shared<Shared>()) {
    shared_->render = std::move(render);
  }
  ~MetricsServerImpl() override { stop(); }

  Result<void> listen(const std::string& host, std::uint16_t port) {
    TROUPE_TRY(port_, troupe::listen(*acceptor_, host, port));
    asio::co_spawn(acceptor_->get_executor(), accept(acceptor_, executor_, shared_), asio::detached);
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void stop() override {
    asio::post(acceptor_->get_executor(), [acceptor = acceptor_] {
      beast::error_code ignored;
      acceptor->close(ignored);
    });
  }

 private:
  static Task<void> accept(std::shared_ptr<tcp::acceptor> acceptor, Executor executor, std::shared_ptr<Shared> shared) {
    while (acceptor->is_open()) {
      auto [error, socket] = co_await acceptor->async_accept(asio::make_strand(executor), kValues);
      if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
      if (is_of_one_client(error)) continue;
      if (error) {
        // Out of descriptors, most likely: the next connection has to wait a little.
        asio::steady_timer pause(acceptor->get_executor(), std::chrono::milliseconds(100));
        co_await pause.async_wait(kValues);
        continue;
      }
      if (shared->sessions >= kConnectionsMax) continue;
      auto session = std::make_unique<Session>(shared);
      const auto strand = socket.get_executor();
      asio::co_spawn(strand, serve(std::move(socket), shared, std::move(session)), [](std::exception_ptr exception) {
        if (exception) spdlog::error("an exception ended a metrics request");
      });
    }
  }

  Executor executor_;
  std::shared_ptr<tcp::acceptor> acceptor_;
  std::shared_ptr<Shared> shared_;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<MetricsServer>> start_metrics_server(Executor executor, const std::string& host,
                                                            std::uint16_t port, std::function<std::string()> render) {
  auto server = std::make_unique<MetricsServerImpl>(executor, std::move(render));
  TROUPE_CHECK(server->listen(host, port));
  return std::unique_ptr<MetricsServer>(std::move(server));
}

}  // namespace troupe::daemon
