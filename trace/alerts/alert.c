/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/alerts/alert.h"

#include "base/clock.h"

size_t alert_json(const struct alert *alert, char text[FINDING_JSON])
{
	struct json_line line;

	json_line_begin(&line, text, FINDING_JSON);
	json_line_string(&line, "type", "finding");
	json_line_string(&line, "event", alert->over ? "end" : "begin");
	json_line_uint(&line, "realtime_ns",
		       (uint64_t)alert->when.tv_sec * NS_PER_S + (uint64_t)alert->when.tv_nsec);
	finding_json(&line, alert->view, alert->findings, alert->finding);
	return json_line_end(&line);
}

void alert_print(FILE *out, const struct alert *alert)
{
	char time[16] = "";
	struct tm local;

	if (localtime_r(&alert->when.tv_sec, &local))
		strftime(time, sizeof(time), "%H:%M:%S", &local);
	fprintf(out, "%s %s ", time, alert->over ? "end" : "begin");
	finding_print(out, alert->view, alert->findings, alert->finding);
	if (!alert->over)
		finding_explain(out, alert->finding);
}
