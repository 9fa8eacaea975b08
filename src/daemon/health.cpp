#include "src/daemon/health.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>

#include "src/daemon/exit_codes.h"

namespace troupe::daemon {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::chrono::seconds kTimeLimit{3};
constexpr std::size_t kAnswerBytesMax = 64u << 10;

std::string reachable(const std::string& host) {
  if (host == "::" || host == "0.0.0.0" || host.empty()) return "127.0.0.1";
  return host;
}

/// Time limits of a Beast stream hold for asynchronous calls only, so each step runs the context to its end.
class Probe {
 public:
  Probe(const std::string& host, std::uint16_t port) : host_(host), port_(port) {}

  /// The status of the answer, or 0 with `error()` set.
  unsigned ask() {
    asio::ip::tcp::resolver resolver(context_);
    const auto addresses = resolver.resolve(host_, std::to_string(port_), error_);
    if (error_) return 0;
    step([&](auto done) { stream_.async_connect(addresses, [done](auto error, const auto&) { done(error); }); });
    http::request<http::empty_body> request(http::verb::get, "/health", 11);
    request.set(http::field::host, host_);
    step([&](auto done) { http::async_write(stream_, request, [done](auto error, std::size_t) { done(error); }); });
    beast::flat_buffer buffer(kAnswerBytesMax);
    http::response<http::string_body> response;
    step([&](auto done) {
      http::async_read(stream_, buffer, response, [done](auto error, std::size_t) { done(error); });
    });
    return error_ ? 0 : response.result_int();
  }

  const boost::system::error_code& error() const { return error_; }

 private:
  template <class Start>
  void step(Start start) {
    if (error_) return;
    stream_.expires_after(kTimeLimit);
    start([this](boost::system::error_code error) { error_ = error; });
    context_.restart();
    context_.run();
  }

  std::string host_;
  std::uint16_t port_;
  asio::io_context context_{1};
  beast::tcp_stream stream_{context_};
  boost::system::error_code error_;
};

}  // namespace

int check_health(const std::string& host, std::uint16_t port) {
  Probe probe(reachable(host), port);
  const unsigned status = probe.ask();
  if (status == 200) return kExitSuccess;
  const std::string why = probe.error() ? probe.error().message() : "status " + std::to_string(status);
  std::fprintf(stderr, "not healthy: %s\n", why.c_str());
  return kExitFailure;
}

}  // namespace troupe::daemon
