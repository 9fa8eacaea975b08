#include "gateway/outbound/response_reader.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace troupe::outbound {
namespace {

namespace http = boost::beast::http;
namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::uint32_t kHeadBytesMax = 64u << 10;
constexpr std::size_t kPieceBytes = 16u << 10;

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return out;
}

}  // namespace

struct ResponseReader::Parser {
  Parser() {
    parser.header_limit(kHeadBytesMax);
    // Whoever reads the body has its own bound.
    parser.body_limit(boost::none);
    parser.eager(false);
  }
  http::response_parser<http::buffer_body> parser;
};

ResponseReader::ResponseReader() : parser_(std::make_unique<Parser>()) {}
ResponseReader::~ResponseReader() = default;

void ResponseReader::feed(BytesView bytes) { input_.insert(input_.end(), bytes.begin(), bytes.end()); }
void ResponseReader::feed_end() { ended_ = true; }

std::optional<HttpResponse> ResponseReader::take_head() {
  while (!problem_) {
    auto& parser = parser_->parser;
    error_code error;
    if (!input_.empty()) {
      const auto used = parser.put(asio::buffer(input_.data(), input_.size()), error);
      input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
    } else {
      error = http::error::need_more;
    }
    if (error && error != http::error::need_more) {
      fail(error.message());
      break;
    }
    if (!parser.is_header_done()) {
      if (error != http::error::need_more) continue;
      if (ended_) fail("the connection ended before the answer");
      return std::nullopt;
    }
    if (parser.get().result_int() / 100 == 1 && parser.get().result_int() != 101) {
      parser_ = std::make_unique<Parser>();
      continue;
    }
    HttpResponse response;
    response.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get())
      response.headers.set(lower_case(field.name_string()), std::string(field.value()));
    parser.eager(true);
    return response;
  }
  return std::nullopt;
}

std::optional<Bytes> ResponseReader::take_piece() {
  auto& parser = parser_->parser;
  while (!problem_ && !parser.is_done()) {
    if (input_.empty()) {
      if (!ended_) return std::nullopt;
      error_code error;
      parser.put_eof(error);
      if (error) fail("the connection ended within the answer");
      return std::nullopt;
    }
    Bytes piece(kPieceBytes);
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    body.more = true;
    error_code error;
    const auto used = parser.put(asio::buffer(input_.data(), input_.size()), error);
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
    piece.resize(piece.size() - body.size);
    body.data = nullptr;
    if (error && error != http::error::need_more && error != http::error::need_buffer) {
      fail(error.message());
      return std::nullopt;
    }
    if (!piece.empty()) return piece;
    if (error == http::error::need_more && used == 0) {
      if (!ended_) return std::nullopt;
      fail("the connection ended within the answer");
    }
  }
  return std::nullopt;
}

bool ResponseReader::body_done() const { return parser_->parser.is_done(); }

}  // namespace troupe::outbound
