#include "gateway/envoy/envoy_query.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

constexpr std::string_view kRight =
    "/envoys/connect?protocol_version=8&namespace=default&envoy_key=abc-1_2&version=1&pool_name=default";

std::string error(std::string target) {
  const auto parsed = parse_envoy_query(target);
  return parsed ? "" : parsed.error().id();
}

/// `kRight` with the value of one parameter replaced.
std::string with(std::string_view name, std::string_view value) {
  std::string target(kRight);
  std::size_t begin = target.find("&" + std::string(name) + "=");
  if (begin == std::string::npos) begin = target.find("?" + std::string(name) + "=");
  begin += name.size() + 2;
  target.replace(begin, target.find('&', begin) - begin, value);
  return target;
}

TEST(EnvoyQuery, ReadsEveryParameter) {
  const auto hello = parse_envoy_query(kRight).value();
  EXPECT_EQ(hello.protocol, 8);
  EXPECT_EQ(hello.namespace_name, "default");
  EXPECT_EQ(hello.key, "abc-1_2");
  EXPECT_EQ(hello.version, 1u);
  EXPECT_EQ(hello.pool, "default");
}

TEST(EnvoyQuery, TheOrderDoesNotMatterAndValuesAreDecoded) {
  const auto hello =
      parse_envoy_query(
          "/envoys/connect/?pool_name=my%20pool&version=7&envoy_key=abc&namespace=a%2Db&protocol_version=3")
          .value();
  EXPECT_EQ(hello.pool, "my pool");
  EXPECT_EQ(hello.namespace_name, "a-b");
  EXPECT_EQ(hello.version, 7u);
  EXPECT_EQ(hello.protocol, 3);
}

TEST(EnvoyQuery, WhatIsMissingOrOutOfBoundsIsAnInvalidRequest) {
  EXPECT_EQ(error("/envoys/connect"), "ws.invalid_request");
  for (const auto& [name, value] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"protocol_version", "2"},
                                                                            {"protocol_version", "9"},
                                                                            {"namespace", ""},
                                                                            {"pool_name", ""},
                                                                            {"envoy_key", ""},
                                                                            {"envoy_key", "ab"},
                                                                            {"envoy_key", "-abc"},
                                                                            {"envoy_key", "a%20bc"}})
    EXPECT_EQ(error(with(name, value)), "ws.invalid_request") << name << "=" << value;
  EXPECT_EQ(error(with("envoy_key", std::string(129, 'a'))), "ws.invalid_request");
  EXPECT_EQ(error(with("envoy_key", std::string(128, 'a'))), "");
  EXPECT_EQ(error(with("pool_name", std::string(129, 'a'))), "ws.invalid_request");
}

TEST(EnvoyQuery, WhatIsNoNumberIsAnInternalErrorAsInTheReference) {
  for (const std::string_view value : {"x", "", "1x", "-1", "99999999999"}) {
    EXPECT_EQ(error(with("version", value)), "core.internal_error") << value;
    EXPECT_EQ(error(with("protocol_version", value)), "core.internal_error") << value;
  }
}

}  // namespace
}  // namespace troupe
