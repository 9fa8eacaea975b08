# cmake --install: the daemon, the headers, the static libraries and the CMake package `troupe`.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)

troupe_install(troupe_asio troupe-sdk)
troupe_install(troupe_beast troupe-engine)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/troupe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING
        PATTERN *.h)
install(FILES ${interface_digest} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/troupe)
install(EXPORT troupe-sdk NAMESPACE troupe:: DESTINATION ${package_folder})
install(EXPORT troupe-engine NAMESPACE troupe:: DESTINATION ${package_folder})

configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/troupe-config.cmake.in
                              ${CMAKE_BINARY_DIR}/troupe-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/troupe-config-version.cmake COMPATIBILITY ExactVersion)
install(FILES ${CMAKE_BINARY_DIR}/troupe-config.cmake ${CMAKE_BINARY_DIR}/troupe-config-version.cmake
              ${CMAKE_SOURCE_DIR}/cmake/TroupePlugin.cmake ${CMAKE_SOURCE_DIR}/cmake/plugin.map
        DESTINATION ${package_folder})
