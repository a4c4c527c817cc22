import "uplot/dist/uPlot.min.css";
import "./page.css";
import { render } from "preact";
import { Page } from "./page.tsx";
import { findReportData, reportSource } from "./source/report-source.ts";
import { serverSource } from "./source/server-source.ts";

const data = findReportData();
render(<Page source={data ? reportSource(data) : serverSource()} />, document.getElementById("page")!);
