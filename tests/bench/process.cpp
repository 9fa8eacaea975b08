#include "process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace bench {

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

Process::Process(std::vector<std::string> command, std::vector<std::string> environment) {
  pid_ = ::fork();
  if (pid_ != 0) return;
  for (auto& variable : environment) ::putenv(variable.data());
  const int log = ::open("/dev/null", O_RDWR);
  ::dup2(log, 0);
  ::dup2(log, 1);
  std::vector<char*> argv;
  for (auto& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  std::perror(argv[0]);
  std::_Exit(127);
}

Process::~Process() { finish(SIGKILL); }

void Process::terminate() { finish(SIGTERM); }
void Process::kill() { finish(SIGKILL); }

void Process::finish(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

double Process::wait_listening(std::uint16_t port) const {
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool up = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    if (up) return taken.count();
    int status = 0;
    if (taken.count() > 30 || ::waitpid(pid_, &status, WNOHANG) == pid_) {
      std::fprintf(stderr, "a server did not start\n");
      std::exit(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::size_t Process::resident_bytes() const {
  std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
  std::size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t Process::peak_bytes() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string word;
  std::size_t kilobytes = 0;
  while (status >> word)
    if (word == "VmHWM:") status >> kilobytes;
  return kilobytes * 1024;
}

void Process::reset_peak() const { std::ofstream("/proc/" + std::to_string(pid_) + "/clear_refs") << "5"; }

double Process::cpu_seconds() const {
  std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
  std::string word;
  for (int i = 0; i < 13; ++i) stat >> word;
  double user = 0, system = 0;
  stat >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

TempDirectory::TempDirectory() {
  std::string path = (std::filesystem::temp_directory_path() / "troupe-bench-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) std::exit(1);
  path_ = path;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

namespace {
std::vector<std::string> daemon_environment(std::uint16_t port, const std::string& directory,
                                            std::vector<std::string> more) {
  more.push_back("RIVET__GUARD__HOST=127.0.0.1");
  more.push_back("RIVET__GUARD__PORT=" + std::to_string(port));
  more.push_back("RIVET__METRICS__HOST=127.0.0.1");
  more.push_back("RIVET__METRICS__PORT=" + std::to_string(free_port()));
  more.push_back("RIVET__FILE_SYSTEM__PATH=" + directory);
  return more;
}

std::vector<std::string> daemon_command(const std::string& binary, std::vector<std::string> more) {
  more.insert(more.begin(), {binary, "start", "--demo"});
  return more;
}
}  // namespace

Daemon::Daemon(const std::string& binary, const std::string& directory, std::vector<std::string> environment,
               std::vector<std::string> arguments)
    : port(free_port()),
      process(daemon_command(binary, std::move(arguments)),
              daemon_environment(port, directory, std::move(environment))) {}

}  // namespace bench
