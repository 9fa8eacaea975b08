# Asio and Beast compiled once, and one precompiled header for everything that uses coroutines. Two libraries, so that
# programs and libraries of actors do not carry Beast.
add_library(troupe_asio STATIC ${CMAKE_SOURCE_DIR}/cmake/asio.cpp)
target_compile_features(troupe_asio PUBLIC cxx_std_20)
# A request is a dozen coroutines deep: with the two places that a thread has by default for finished frames, most frames
# would come from the heap.
set(asio_definitions BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                     BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=16)
target_compile_definitions(troupe_asio PUBLIC ${asio_definitions})
target_link_libraries(troupe_asio PUBLIC Boost::headers Threads::Threads)
target_include_directories(
  troupe_asio PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                     $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include> $<INSTALL_INTERFACE:include>)
target_precompile_headers(troupe_asio PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)
add_library(troupe_beast STATIC ${CMAKE_SOURCE_DIR}/cmake/beast.cpp)
target_link_libraries(troupe_beast PUBLIC troupe_asio)

# troupe/interface_digest.h: tells apart builds whose public headers, or the layout of Asio, differ.
file(GLOB_RECURSE public_headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/include/*.h)
set(interface_digest ${CMAKE_BINARY_DIR}/include/troupe/interface_digest.h)
set(interface_digest_made ${CMAKE_BINARY_DIR}/interface_digest.made)
add_custom_command(
  OUTPUT ${interface_digest_made}
  BYPRODUCTS ${interface_digest}
  COMMAND ${CMAKE_COMMAND} -DINCLUDE=${CMAKE_SOURCE_DIR}/include -DVERSION=${PROJECT_VERSION}
          "-DDEFINITIONS=${asio_definitions}"
          -DOUTPUT=${interface_digest} -P ${CMAKE_SOURCE_DIR}/cmake/interface_digest.cmake
  COMMAND ${CMAKE_COMMAND} -E touch ${interface_digest_made}
  DEPENDS ${public_headers} ${CMAKE_SOURCE_DIR}/cmake/interface_digest.cmake
  VERBATIM)
add_custom_target(troupe_interface_digest DEPENDS ${interface_digest_made})

# What `cmake --install` needs, without the tests.
add_custom_target(troupe_installed)

# troupe_install(<name> <export>): part of the CMake package, as troupe::<name without troupe_>.
function(troupe_install name export)
  string(REGEX REPLACE "^troupe_" "" export_name ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${export_name})
  install(TARGETS ${name} EXPORT ${export} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  add_dependencies(troupe_installed ${name})
endfunction()

# troupe_library(<name> [SDK|INTERNAL] DEPS <targets>... [FOLDERS <folders>...]): a static library of the .cpp files of
# this folder (FOLDERS names others). It is installed: SDK with what actors need, INTERNAL not at all, else with the
# engine.
function(troupe_library name)
  cmake_parse_arguments(ARG "SDK;INTERNAL" "" "DEPS;FOLDERS" ${ARGN})
  if(NOT ARG_FOLDERS)
    set(ARG_FOLDERS .)
  endif()
  set(sources)
  foreach(folder ${ARG_FOLDERS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE troupe_asio ${ARG_DEPS})
  else()
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC troupe_asio ${ARG_DEPS})
    target_precompile_headers(${name} REUSE_FROM troupe_asio)
  endif()
  if(ARG_SDK)
    troupe_install(${name} troupe-sdk)
  elseif(NOT ARG_INTERNAL)
    troupe_install(${name} troupe-engine)
  endif()
endfunction()

if(TROUPE_TESTS AND NOT TROUPE_FUZZ)
  # `main` of the test programs, and the precompiled header for them.
  add_library(troupe_test_main STATIC ${CMAKE_SOURCE_DIR}/cmake/gtest_main.cpp)
  target_link_libraries(troupe_test_main PUBLIC troupe_asio GTest::gtest GTest::gmock)
  target_precompile_headers(troupe_test_main PRIVATE ${CMAKE_SOURCE_DIR}/cmake/test_pch.h)
endif()

# troupe_test(<name> DEPS <targets>... [LABELS <labels>...]): a GoogleTest program of this folder's *_test.cpp files.
function(troupe_test name)
  cmake_parse_arguments(ARG "" "FOLDER" "DEPS;LABELS" ${ARGN})
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER .)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_FOLDER}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} troupe_test_main)
  # Programs get -fPIE, which a precompiled header made with -fPIC refuses.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_precompile_headers(${name} REUSE_FROM troupe_test_main)
  target_compile_definitions(${name} PRIVATE TROUPE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300)
endfunction()
