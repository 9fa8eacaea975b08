#include "gateway/outbound/outbound_client.h"

#include <boost/asio/ssl/context.hpp>

#include "gateway/outbound/exchange.h"

namespace troupe {
namespace {

namespace ssl = boost::asio::ssl;

class OutboundClient final : public HttpClient {
 public:
  OutboundClient(const Ports& ports, OutboundSettings settings) : ports_(ports), settings_(settings) {
    boost::system::error_code ignored;
    // Without certificates of the system every server is refused, which the request reports.
    tls_.set_default_verify_paths(ignored);
    tls_.set_verify_mode(ssl::verify_peer, ignored);
    tls_.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, ignored);
  }

  std::shared_ptr<OutboundExchange> begin(OutboundRequest request) override {
    return std::make_shared<outbound::Exchange>(ports_, settings_, tls_, std::move(request));
  }

 private:
  Ports ports_;
  OutboundSettings settings_;
  ssl::context tls_{ssl::context::tls_client};
};

}  // namespace

std::unique_ptr<HttpClient> make_outbound_client(const Ports& ports, OutboundSettings settings) {
  return std::make_unique<OutboundClient>(ports, settings);
}

}  // namespace troupe
