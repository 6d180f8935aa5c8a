/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/page/page.h"

#include <errno.h>

#include "trace/export/flamegraph_text.h"
#include "trace/export/xml_text.h"
#include "trace/page/page_charts.h"
#include "trace/page/page_text.h"

static void write_head(const struct page *page, FILE *to)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
	      to);
	xml_put(to, page->title);
	fprintf(to, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<h1>", flamegraph_style,
		page_style);
	xml_put(to, page->title);
	fputs("</h1>\n<p>", to);
	xml_put(to, page->subtitle);
	fputs("</p>\n<main>\n", to);
}

static void write_findings(const struct page *page, FILE *to)
{
	if (!page->findings_count)
		return;
	fputs("<section><h2>Findings</h2>\n<ul>\n", to);
	for (size_t i = 0; i < page->findings_count; i++) {
		fputs("<li><strong>", to);
		xml_put(to, page->findings[i].headline);
		fputs("</strong> ", to);
		xml_put(to, page->findings[i].words);
		fputs("</li>\n", to);
	}
	fputs("</ul></section>\n", to);
}

static void write_facts(const struct page *page, FILE *to)
{
	fputs("<section><h2>The run</h2>\n<table class=\"facts\">\n", to);
	for (size_t i = 0; i < page->facts_count; i++) {
		if (!page->facts[i].value)
			continue;
		fputs("<tr><th scope=\"row\">", to);
		xml_put(to, page->facts[i].name);
		fputs("</th><td>", to);
		xml_put(to, page->facts[i].value);
		fputs("</td></tr>\n", to);
	}
	fputs("</table></section>\n", to);
}

static int write_flames(const struct page *page, FILE *to)
{
	int error;

	fprintf(to, "<section><h2>%s</h2>\n",
		page->exits ? "Which code of the guest causes the exits"
			    : "Where the guest spends its time");
	error = export_flamegraph_inside(page->profile, page->flames, to);
	fprintf(to, "<p class=\"none\">%s</p></section>\n",
		page->exits
			? "Where the guest itself spends its time is not in a recording of exits: "
			  "vhart record -g."
			: "Which code causes exits is not in a recording of samples: "
			  "vhart record -g -e exits.");
	return error;
}

int page_write(const struct page *page, FILE *to)
{
	int error;

	errno = 0;
	write_head(page, to);
	write_findings(page, to);
	write_facts(page, to);
	page_timeline(page, to);
	page_reasons(page, to);
	page_calls(page, to);
	error = write_flames(page, to);
	if (error)
		return error;
	fprintf(to, "</main>\n<script>\n%s%s</script>\n</body>\n</html>\n", flamegraph_script,
		page_script);
	return export_flush(to);
}
