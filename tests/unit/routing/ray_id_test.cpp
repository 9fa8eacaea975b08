#include "gateway/routing/ray_id.h"

#include <gtest/gtest.h>

#include <string>

namespace troupe {
namespace {

TEST(RayId, OneToThirtyUrlSafeCharactersAreTakenOver) {
  EXPECT_TRUE(is_valid_ray_id("a"));
  EXPECT_TRUE(is_valid_ray_id("AZaz09_-"));
  EXPECT_TRUE(is_valid_ray_id(std::string(30, 'x')));
  EXPECT_FALSE(is_valid_ray_id(""));
  EXPECT_FALSE(is_valid_ray_id(std::string(31, 'x')));
  for (const auto* bad : {"a b", "a.b", "a/b", "\xC3\xA4"}) EXPECT_FALSE(is_valid_ray_id(bad)) << bad;
}

}  // namespace
}  // namespace troupe
