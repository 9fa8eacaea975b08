#include "engine/base/url/url.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

std::string why_not(std::string_view text) {
  std::string reason;
  return Url::parse(text, &reason) ? "ok" : reason;
}

TEST(Url, IsTakenApart) {
  const auto url = Url::parse("HTTPS://user:p%40ss@Example.test:8443/a/b?c=d#e");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "Example.test");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(url->userinfo, "user:p@ss");
  EXPECT_EQ(url->authority(), "Example.test:8443");
}

TEST(Url, PortAndPathHaveDefaults) {
  EXPECT_EQ(Url::parse("http://h")->port, 80);
  EXPECT_EQ(Url::parse("http://h")->target, "/");
  EXPECT_EQ(Url::parse("http://h:80?x")->target, "/?x");
  EXPECT_EQ(Url::parse("http://h:80")->authority(), "h");
  EXPECT_EQ(Url::parse("https://h:")->port, 443);
  EXPECT_EQ(Url::parse("ftp://h/x")->port, 0);
  EXPECT_FALSE(Url::parse("ftp://h/x")->is_http());
}

TEST(Url, AddressesInBracketsAreAddresses) {
  const auto url = Url::parse("http://[::1]:6420/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:6420");
}

TEST(Url, WhatAUrlCannotHoldIsEncoded) { EXPECT_EQ(Url::parse("  http://h/a b/\xC3\xA9 \n")->target, "/a%20b/%C3%A9"); }

TEST(Url, TextsThatAreNoneAreRefusedWithAReason) {
  EXPECT_EQ(why_not(""), "relative URL without a base");
  EXPECT_EQ(why_not("/x"), "relative URL without a base");
  EXPECT_EQ(why_not("host/x:y"), "relative URL without a base");
  EXPECT_EQ(why_not("http://"), "empty host");
  EXPECT_EQ(why_not("http:///x"), "empty host");
  EXPECT_EQ(why_not("http://h:99999/"), "invalid port number");
  EXPECT_EQ(why_not("http://h:0/"), "invalid port number");
  EXPECT_EQ(why_not("http://h/" + std::string(9'000, 'x')), "too long");
  EXPECT_EQ(why_not("http://[::1/"), "invalid URL");
}

}  // namespace
}  // namespace troupe
