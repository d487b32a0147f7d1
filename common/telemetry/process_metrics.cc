#include "common/telemetry/process_metrics.h"

#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

namespace vibestack {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

double ClockSeconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Resident memory: the second number of /proc/self/statm, in pages.
double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double total_pages = 0;
  double resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Minus one, for the descriptor that reads the directory.
double OpenDescriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<double>(std::distance(begin(all), end(all)) - 1);
}

// Field 22 of /proc/self/stat is the start time in ticks after boot. Field 2, the name of the
// program, may hold blanks; it ends with the last parenthesis.
double StartTime() {
  std::ifstream file("/proc/self/stat");
  std::string stat((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  const double boot = ClockSeconds(CLOCK_REALTIME) - ClockSeconds(CLOCK_BOOTTIME);
  return boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void AddGauge(ScrapedFamilies& families, const std::string& name, const std::string& help,
              std::function<double()> value) {
  families.Add(name, help, MetricType::Gauge,
               [value = std::move(value)](std::vector<ClientMetric>& series) {
                 series.emplace_back().gauge.value = value();
               });
}

}  // namespace

void AddProcessMetrics(ScrapedFamilies& families) {
  families.Add("vibestack_build_info", "1; the label is the version of the program.",
               MetricType::Gauge, [](std::vector<ClientMetric>& series) {
                 ClientMetric& metric = series.emplace_back();
                 metric.label.push_back({"version", VIBESTACK_VERSION});
                 metric.gauge.value = 1;
               });
  AddGauge(families, "process_resident_memory_bytes", "Resident memory of the process.",
           ResidentBytes);
  AddGauge(families, "process_open_fds", "Open file descriptors.", OpenDescriptors);
  AddGauge(families, "process_start_time_seconds", "When the process started, in Unix time.",
           [start = StartTime()] { return start; });
  families.Add("process_cpu_seconds_total", "Processor time used, user and system.",
               MetricType::Counter, [](std::vector<ClientMetric>& series) {
                 series.emplace_back().counter.value = ClockSeconds(CLOCK_PROCESS_CPUTIME_ID);
               });
}

}  // namespace vibestack
