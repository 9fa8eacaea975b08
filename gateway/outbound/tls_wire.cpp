#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "gateway/outbound/connect.h"
#include "gateway/outbound/wire.h"

namespace troupe::outbound {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

class TlsWire final : public Wire {
 public:
  TlsWire(const Executor& executor, const Url& url, ssl::context& tls)
      : connector_(executor, url), stream_(asio::ip::tcp::socket(executor), tls), host_(url.host) {}

  Task<error_code> connect() override {
    const error_code failed = co_await connector_.connect(stream_.next_layer());
    if (failed) co_return failed;
    error_code not_an_address;
    asio::ip::make_address(host_, not_an_address);
    // Server name indication is for names.
    if (not_an_address) SSL_set_tlsext_host_name(stream_.native_handle(), host_.c_str());
    stream_.set_verify_callback(ssl::host_name_verification(host_));
    auto [error] = co_await stream_.async_handshake(ssl::stream_base::client, kValues);
    co_return error;
  }
  Task<error_code> write(BytesView bytes) override {
    auto [error, size] = co_await asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()), kValues);
    co_return error;
  }
  Task<error_code> read_some(std::span<std::uint8_t> into, std::size_t& got) override {
    auto [error, size] = co_await stream_.async_read_some(asio::buffer(into.data(), into.size()), kValues);
    got = size;
    // Many servers leave without a word; the framing of HTTP tells whether something is missing.
    co_return error == ssl::error::stream_truncated ? error_code(asio::error::eof) : error;
  }
  void close() override {
    connector_.cancel();
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  Connector connector_;
  ssl::stream<asio::ip::tcp::socket> stream_;
  const std::string host_;
};

}  // namespace

std::unique_ptr<Wire> make_tls_wire(Executor executor, const Url& url, ssl::context& tls) {
  return std::make_unique<TlsWire>(executor, url, tls);
}

}  // namespace troupe::outbound
