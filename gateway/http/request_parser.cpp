#include "gateway/http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <limits>

namespace troupe {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

constexpr std::size_t kBodyReserveMax = 64 * 1024;
/// "0", two line ends: no chunked body ends in less. Beast's parser asserts that it has that much when it comes back to
/// a last chunk that was torn.
constexpr std::size_t kLastChunkSize = 5;
/// As many as most clients send, and the ray id.
constexpr std::size_t kFieldsReserved = 8;
/// Colon, space and line end.
constexpr std::size_t kFieldOverhead = 4;
/// Two spaces, the version and a line end; the empty line.
constexpr std::size_t kHeadOverhead = 14;

void assign_lower_case(std::string& out, string_view name) {
  out.assign(name.data(), name.size());
  for (char& c : out) c = static_cast<char>(c + (c >= 'A' && c <= 'Z' ? 'a' - 'A' : 0));
}

bool is_ascii(string_view text) {
  // Without an early end, which would keep the compiler from looking at many characters at a time.
  unsigned all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

/// Whether there is something that RFC 9110 section 5.6 allows neither in a token nor in a quoted string.
bool has_controls(string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// RFC 9112 section 3.2; nothing for forms that no route serves (authority, asterisk).
std::string origin_form(string_view target) {
  if (!target.empty() && target.front() == '/') return std::string(target.data(), target.size());
  const std::size_t scheme = target.find("://");
  if (scheme == string_view::npos || scheme == 0) return {};
  const std::size_t path = target.find_first_of("/?", scheme + 3);
  if (path == string_view::npos) return "/";
  std::string out;
  if (target[path] == '?') out = "/";
  out.append(target.data() + path, target.size() - path);
  return out;
}

/// Whether the line of a chunk's header, which may begin with the line end of the chunk before, ends inside a quoted
/// string.
bool ends_in_quotes(string_view data) {
  if (data.starts_with("\r\n")) data.remove_prefix(2);
  const std::size_t end = data.find('\n');
  if (end == string_view::npos) return false;
  bool quoted = false;
  for (std::size_t i = 0; i < end; ++i) {
    if (data[i] == '"') quoted = !quoted;
    if (data[i] == '\\' && quoted) ++i;
  }
  return quoted;
}

/// Whether a head that is cut off has a target that is too long. Beast does not look at the line of a head that came in
/// pieces before the whole head is there.
bool ends_in_target(string_view head, std::size_t target_max) {
  const std::size_t line_end = head.find("\r\n");
  if (line_end == string_view::npos) return true;
  const string_view line = head.substr(0, line_end);
  const std::size_t target = std::min(line.find(' '), line.size());
  return std::min(line.find(' ', target + 1), line.size()) > target + 1 + target_max;
}

class Parser final : public http::basic_parser<true> {
 public:
  Parser(const RequestLimits& limits, HttpRequest& request) : limits_(limits), request_(request) {
    eager(true);
    // Beast measures what one call sees of the head: the limit would depend on how the head is torn.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(limits.body_max);
  }

  bool request_line_done() const { return request_line_done_; }
  bool http11() const { return http11_; }
  bool expects_continue() const { return http11_ && expects_continue_; }
  bool target_too_long() const { return target_too_long_; }
  bool head_accepted() const { return head_accepted_; }

 private:
  void on_request_impl(http::verb, string_view method, string_view target, int version, ErrorCode& ec) override {
    http11_ = version >= 11;
    head_bytes_ = method.size() + target.size();
    if (target.size() > limits_.target_max) {
      target_too_long_ = true;
      ec = http::error::header_limit;
      return;
    }
    request_.method.assign(method.data(), method.size());
    request_.headers.reserve(kFieldsReserved);
    request_.target = origin_form(target);
    if (request_.target.empty()) ec = http::error::bad_target;
    request_line_done_ = true;
  }

  void on_field_impl(http::field field, string_view name, string_view value, ErrorCode& ec) override {
    if (head_done_) return;
    transfer_encoded_ |= field == http::field::transfer_encoding;
    // Fields that arrive one by one are measured together.
    head_bytes_ += name.size() + value.size() + kFieldOverhead;
    if (++fields_ > limits_.header_fields_max || head_bytes_ > limits_.head_max) {
      ec = http::error::header_limit;
      return;
    }
    if (field == http::field::expect) expects_continue_ = boost::beast::iequals(value, "100-continue");
    if (!is_ascii(value)) return;
    assign_lower_case(name_, name);
    request_.headers.set(name_, std::string(value.data(), value.size()));
  }

  void on_header_impl(ErrorCode& ec) override {
    head_done_ = true;
    // Without chunks nobody knows where such a body ends: what follows would be taken for the next request.
    if (transfer_encoded_ && !chunked()) ec = http::error::bad_transfer_encoding;
    head_accepted_ = !ec;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
    // The announced length is only a promise of the client.
    if (length) request_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, kBodyReserveMax)));
  }

  std::size_t on_body_impl(string_view body, ErrorCode&) override {
    const auto* data = reinterpret_cast<const std::uint8_t*>(body.data());
    request_.body.insert(request_.body.end(), data, data + body.size());
    return body.size();
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, ErrorCode& ec) override {
    return on_body_impl(body, ec);
  }

  void on_response_impl(int, string_view, int, ErrorCode&) override {}
  void on_chunk_header_impl(std::uint64_t, string_view extensions, ErrorCode& ec) override {
    // Beast lets quoted strings hold anything; with a line feed in one, others may see another chunk.
    if (has_controls(extensions)) ec = http::error::bad_chunk_extension;
  }
  void on_finish_impl(ErrorCode&) override {}

  const RequestLimits& limits_;
  HttpRequest& request_;
  /// Of the field at hand.
  std::string name_;
  std::size_t fields_ = 0;
  std::size_t head_bytes_ = 0;
  bool http11_ = false;
  bool expects_continue_ = false;
  bool request_line_done_ = false;
  bool target_too_long_ = false;
  bool head_done_ = false;
  bool head_accepted_ = false;
  bool transfer_encoded_ = false;
};

bool has_token(const HttpHeaders& headers, std::string_view name, std::string_view token) {
  const auto* value = headers.find(name);
  return value && http::token_list(*value).exists(string_view(token.data(), token.size()));
}

}  // namespace

struct RequestParser::Impl {
  explicit Impl(RequestLimits l) : limits(l) { reset(); }

  void reset() {
    request = HttpRequest{};
    parser.emplace(limits, request);
    head_left = limits.head_max + kHeadOverhead;
  }

  RequestLimits limits;
  HttpRequest request;
  std::optional<Parser> parser;
  /// Bytes that the head may still take.
  std::size_t head_left = 0;
};

RequestParser::RequestParser(RequestLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

void RequestParser::reset() { impl_->reset(); }

RequestParser::Step RequestParser::parse(const char* data, std::size_t size) {
  Parser& parser = *impl_->parser;
  Step step;
  ErrorCode ec;
  bool target_too_long = false;
  // Each call stops at the end of an element; only "need more" says that the rest must wait.
  while (!parser.is_done() && !ec && step.consumed < size) {
    const std::size_t left = size - step.consumed;
    if (parser.is_header_done() && parser.chunked() && left < kLastChunkSize) break;
    const bool in_head = !parser.is_header_done();
    const std::size_t offered = in_head ? std::min(left, impl_->head_left) : left;
    const std::size_t taken = parser.put(boost::asio::const_buffer(data + step.consumed, offered), ec);
    step.consumed += taken;
    if (!in_head || (ec && ec != http::error::need_more)) continue;
    if (parser.is_header_done()) {
      // What was held back belongs to the body.
      if (offered < left) ec = {};
    } else if (offered == impl_->head_left) {
      ec = http::error::header_limit;
      target_too_long = !parser.request_line_done() &&
                        ends_in_target(string_view(data + step.consumed, offered - taken), impl_->limits.target_max);
    } else {
      impl_->head_left -= taken;
    }
  }
  // Beast would look for the other quote in whatever comes next.
  const bool endless = ec == http::error::need_more && parser.is_header_done() && parser.chunked() &&
                       ends_in_quotes(string_view(data + step.consumed, size - step.consumed));
  if (parser.is_done() && !ec) {
    step.status = Status::done;
  } else if (endless) {
    step.status = Status::bad_body;
  } else if (ec == http::error::body_limit) {
    step.status = Status::body_too_large;
  } else if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    step.status = parser.target_too_long() || target_too_long ? Status::target_too_long : Status::head_too_large;
  } else if (ec && ec != http::error::need_more) {
    step.status = parser.head_accepted() ? Status::bad_body : Status::bad_request;
  }
  return step;
}

bool RequestParser::started() const { return impl_->parser->got_some(); }
bool RequestParser::head_done() const { return impl_->parser->is_header_done(); }
bool RequestParser::done() const { return impl_->parser->is_done(); }
HttpRequest& RequestParser::request() { return impl_->request; }
bool RequestParser::has_body() const { return !impl_->request.body.empty(); }
Bytes RequestParser::take_body() { return std::exchange(impl_->request.body, Bytes()); }
bool RequestParser::http11() const { return impl_->parser->http11(); }
bool RequestParser::keep_alive() const { return impl_->parser->is_header_done() && impl_->parser->keep_alive(); }

bool RequestParser::expects_continue() const { return impl_->parser->expects_continue(); }

bool is_websocket_upgrade(const HttpRequest& request) {
  return request.method == "GET" && has_token(request.headers, "connection", "upgrade") &&
         has_token(request.headers, "upgrade", "websocket");
}

}  // namespace troupe
