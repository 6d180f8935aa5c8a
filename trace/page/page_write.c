/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/page/page.h"

#include <errno.h>

#include "trace/export/flamegraph_text.h"
#include "trace/export/xml_text.h"
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

static void write_words(const char *class, const char *name, const char *words, FILE *to)
{
	if (!words)
		return;
	fprintf(to, "<br><span class=\"%s\">%s", class, name);
	xml_put(to, words);
	fputs("</span>", to);
}

static void write_findings(const struct page *page, FILE *to)
{
	if (!page->judged)
		return;
	fputs("<section class=\"findings\"><h2>Findings</h2>\n", to);
	if (!page->findings_count)
		fputs("<p class=\"none\">None: no rule calls anything odd.</p>", to);
	else
		fputs("<ul>\n", to);
	for (size_t i = 0; i < page->findings_count; i++) {
		const struct page_finding *finding = &page->findings[i];

		fputs("<li><strong>", to);
		xml_put(to, finding->headline);
		fputs("</strong>", to);
		write_words("seen", "", finding->seen, to);
		write_words("why", "why: ", finding->why, to);
		write_words("try", "try: ", finding->help, to);
		fputs("</li>\n", to);
	}
	fputs(page->findings_count ? "</ul></section>\n" : "</section>\n", to);
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

/* 0, or a negative error number. */
static int write_flames(const struct page_flames *flames, FILE *to)
{
	int error = 0;

	if (!flames->title)
		return 0;
	fprintf(to, "<section><h2>%s</h2>\n", flames->title);
	if (flames->profile)
		error = export_flamegraph_inside(flames->profile, flames->options, to);
	fprintf(to, "<p class=\"none\">%s</p></section>\n", flames->words);
	return error;
}

int page_write(const struct page *page, FILE *to)
{
	int error;

	errno = 0;
	write_head(page, to);
	write_findings(page, to);
	write_facts(page, to);
	if (page->vcpus)
		page_lanes_write(page->vcpus, to);
	if (page->rates)
		page_lanes_write(page->rates, to);
	if (page->reasons)
		page_reasons_write(page->reasons, to);
	error = write_flames(&page->flames, to);
	if (error)
		return error;
	fprintf(to, "</main>\n<script>\n%s%s</script>\n</body>\n</html>\n", flamegraph_script,
		page_script);
	return export_flush(to);
}
