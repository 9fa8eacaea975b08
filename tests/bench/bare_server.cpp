// The yardstick: a Beast server that does nothing but answer. HTTP requests get BODY_BYTES octets with a few headers,
// WebSocket messages are echoed. usage: troupe_bare_server PORT THREADS BODY_BYTES HEADER_BYTES
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cstdlib>
#include <thread>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

namespace {

struct Answer {
  std::string body, padding;
};

asio::awaitable<void> echo(beast::tcp_stream stream, http::request<http::string_body> request) {
  beast::websocket::stream<beast::tcp_stream> socket(std::move(stream));
  beast::get_lowest_layer(socket).expires_never();
  co_await socket.async_accept(request, asio::use_awaitable);
  beast::flat_buffer buffer;
  for (;;) {
    co_await socket.async_read(buffer, asio::use_awaitable);
    socket.text(socket.got_text());
    co_await socket.async_write(buffer.data(), asio::use_awaitable);
    buffer.consume(buffer.size());
  }
}

asio::awaitable<void> serve(beast::tcp_stream stream, const Answer& answer) {
  beast::flat_buffer buffer;
  try {
    for (;;) {
      http::request<http::string_body> request;
      stream.expires_after(std::chrono::seconds(30));
      co_await http::async_read(stream, buffer, request, asio::use_awaitable);
      if (beast::websocket::is_upgrade(request)) {
        co_await echo(std::move(stream), std::move(request));
        co_return;
      }
      http::response<http::string_body> response{http::status::ok, request.version()};
      response.set(http::field::content_type, "application/octet-stream");
      response.set("x-padding", answer.padding);
      response.keep_alive(request.keep_alive());
      response.body() = answer.body;
      response.prepare_payload();
      co_await http::async_write(stream, response, asio::use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    // The client is gone.
  }
}

asio::awaitable<void> listen(unsigned short port, const Answer& answer) {
  auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, {asio::ip::make_address("127.0.0.1"), port});
  for (;;) {
    auto socket = co_await acceptor.async_accept(asio::make_strand(executor), asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    auto strand = socket.get_executor();
    asio::co_spawn(strand, serve(beast::tcp_stream(std::move(socket)), answer), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const auto threads = std::atoi(argv[2]);
  const Answer answer{std::string(static_cast<std::size_t>(std::atoi(argv[3])), 'x'),
                      std::string(static_cast<std::size_t>(std::atoi(argv[4])), 'h')};
  asio::io_context context(threads);
  asio::co_spawn(context, listen(static_cast<unsigned short>(std::atoi(argv[1])), answer), asio::detached);
  std::vector<std::thread> pool;
  for (int i = 1; i < threads; ++i) pool.emplace_back([&] { context.run(); });
  context.run();
}
