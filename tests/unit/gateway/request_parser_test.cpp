#include "gateway/http/request_parser.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using Status = RequestParser::Status;

constexpr RequestLimits kLimits{200, 10, 100, 1'000};
/// Two spaces, the version and two line ends: not part of what is measured of a head.
constexpr std::size_t kAround = 14;

/// What becomes of a request that arrives in two pieces.
Status parse(std::string_view request, std::size_t torn_at) {
  RequestParser parser(kLimits);
  std::string pending(request.substr(0, torn_at));
  auto step = parser.parse(pending.data(), pending.size());
  if (step.status != Status::need_more) return step.status;
  pending = pending.substr(step.consumed) + std::string(request.substr(torn_at));
  return parser.parse(pending.data(), pending.size()).status;
}

void expect_everywhere(const std::string& request, Status wanted) {
  for (std::size_t torn_at = 0; torn_at <= request.size(); ++torn_at)
    ASSERT_EQ(parse(request, torn_at), wanted) << request.size() << " bytes, torn at " << torn_at;
}

std::string head(std::size_t spaces, const std::string& more = "") {
  return "GET /x HTTP/1.1\r\nx-spaced:" + std::string(spaces, ' ') + "v\r\n" + more + "\r\n";
}

TEST(RequestParser, TheLimitOfTheHeadDoesNotDependOnWhereItIsTorn) {
  const std::size_t fits = kLimits.head_max + kAround - head(0).size();
  expect_everywhere(head(fits), Status::done);
  expect_everywhere(head(fits + 1), Status::head_too_large);
  expect_everywhere(head(1'000), Status::head_too_large);
}

TEST(RequestParser, ATargetThatIsTooLongIsToldFromAHeadThatIs) {
  const std::string name = "GET /";
  const std::string rest = " HTTP/1.1\r\nx-spaced:" + std::string(1'000, ' ') + "v\r\n\r\n";
  expect_everywhere(name + std::string(kLimits.target_max - 1, 'a') + rest, Status::head_too_large);
  expect_everywhere(name + std::string(kLimits.target_max, 'a') + rest, Status::target_too_long);
  expect_everywhere(name + std::string(1'000, 'a') + rest, Status::target_too_long);
}

TEST(RequestParser, TheHeadsLimitIsNotOneOfTheBody) {
  const std::string length = "content-length: 900\r\n";
  const std::size_t fits = kLimits.head_max + kAround - head(0, length).size();
  expect_everywhere(head(fits, length) + std::string(900, 'b'), Status::done);
  const std::string chunked = "transfer-encoding: chunked\r\n";
  expect_everywhere(head(1, chunked) + "384\r\n" + std::string(900, 'b') + "\r\n0\r\n\r\n", Status::done);
}

TEST(RequestParser, AQuotedStringEndsWithItsLine) {
  const std::string chunked = "transfer-encoding: chunked\r\n";
  expect_everywhere(head(1, chunked) + "1;a=\"b;\\\"c\"\r\nx\r\n0\r\n\r\n", Status::done);
  const std::string endless = head(1, chunked) + "1\r\nx\r\n1;a=\"b\\\"\r\n";
  EXPECT_EQ(parse(endless, endless.size()), Status::bad_body);
  EXPECT_EQ(parse(endless, endless.size() - 1), Status::bad_body);
}

TEST(RequestParser, AChunksHeaderHasNoControlCharacters) {
  const std::string begin = head(1, "transfer-encoding: chunked\r\n");
  for (const char control : {'\n', '\0', '\x1f', '\x7f'}) {
    const std::string quoted = std::string(";a=\"b") + control + "c\"\r\n";
    expect_everywhere(begin + "1" + quoted + "x\r\n0\r\n\r\n", Status::bad_body);
    expect_everywhere(begin + "1\r\nx\r\n0" + quoted + "\r\n", Status::bad_body);
  }
  expect_everywhere(begin + "1;a=\"b\tc\x80\"\r\nx\r\n0\r\n\r\n", Status::done);
}

}  // namespace
}  // namespace troupe
