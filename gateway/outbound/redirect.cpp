#include "gateway/outbound/redirect.h"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

namespace troupe::outbound {
namespace {

std::optional<Url> resolve(const Url& base, const std::string& location) {
  if (auto absolute = Url::parse(location)) return absolute;
  const std::string base_text = base.scheme + "://" + base.authority() + base.target;
  const auto from = boost::urls::parse_uri(base_text);
  const auto to = boost::urls::parse_uri_reference(location);
  if (!from || !to) return std::nullopt;
  boost::urls::url resolved;
  if (const auto done = boost::urls::resolve(*from, *to, resolved); !done) return std::nullopt;
  return Url::parse(std::string(resolved.buffer()));
}

bool same_origin(const Url& a, const Url& b) { return a.scheme == b.scheme && a.host == b.host && a.port == b.port; }

}  // namespace

std::optional<OutboundRequest> redirected(const OutboundRequest& request, const HttpResponse& response) {
  const int status = response.status;
  const bool repeats = status == 307 || status == 308;
  if (!repeats && status != 301 && status != 302 && status != 303) return std::nullopt;
  const auto* location = response.headers.find("location");
  if (!location) return std::nullopt;
  auto url = resolve(request.url, *location);
  if (!url || !url->is_http()) return std::nullopt;
  OutboundRequest next = request;
  if (!same_origin(request.url, *url))
    for (const auto* secret : {"authorization", "cookie", "proxy-authorization", "x-rivet-token"})
      next.headers.erase(secret);
  if (!repeats && request.method != "GET" && request.method != "HEAD") {
    next.method = "GET";
    next.body.clear();
    next.headers.erase("content-type");
  }
  next.url = *std::move(url);
  return next;
}

}  // namespace troupe::outbound
