#include "mkvcore/volumes/volume_problem.h"

namespace mkv {

std::string ProblemOf(int status) {
  std::string problem = "HTTP status " + std::to_string(status);
  // nginx says the same of a folder that it may not write.
  if (status == 403) {
    problem += " (is MKV_VOLUME_KEY the volume's? may nginx write into the volume's folder?)";
  }
  return problem;
}

std::string ProblemOf(const VolumeAnswer& answer) {
  return answer.error.empty() ? ProblemOf(answer.status) : answer.error;
}

}  // namespace mkv
