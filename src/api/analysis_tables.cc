#include "api/analysis.h"
#include "api/experiment.h"
#include "api/field_table.h"

namespace slipway::api {

template const TypeTable& table_of<AnalysisTemplate>();
template const TypeTable& table_of<ClusterAnalysisTemplate>();
template const TypeTable& table_of<AnalysisRun>();
template const TypeTable& table_of<Experiment>();
// Also decoded and encoded on their own.
template const TypeTable& table_of<AnalysisTemplateSpec>();
template const TypeTable& table_of<AnalysisRunSpec>();
template const TypeTable& table_of<AnalysisRunStatus>();
template const TypeTable& table_of<ExperimentSpec>();
template const TypeTable& table_of<ExperimentStatus>();

}  // namespace slipway::api
