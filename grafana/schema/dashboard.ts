// What Grafana's own types say of the dashboards' JSON. Beside the dashboard's own type, which leaves the options of panels
// open, each panel is held against the options of its type.
import type { AnnotationQuery, Dashboard, DataQuery, FieldConfig as Field, Panel, RowPanel, VariableModel } from "@grafana/schema";
import type * as BarGauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
import type * as Gauge from "@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen";
import type * as Heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type * as Stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as StateTimeline from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type * as Table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as Text from "@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen";
import type * as TimeSeries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

// Grafana's enumerations cannot be met by JSON, whose texts are texts: here each is the texts that it stands for.
type Plain<T> = T extends string
  ? `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : T extends (infer U)[]
      ? Plain<U>[]
      : T extends object
        ? { [K in keyof T]: Plain<T[K]> }
        : T;

// A question to Prometheus; its editor's own type is in no package of types.
type Target = Plain<DataQuery> & {
  editorMode: "code";
  expr: string;
  exemplar?: boolean;
  format?: "table" | "heatmap";
  instant: boolean;
  legendFormat: string;
  range: boolean;
};

type Of<Kind extends string, Options, Custom = Record<string, never>> = Omit<
  Plain<Panel>,
  "type" | "options" | "fieldConfig" | "targets"
> & {
  type: Kind;
  options: Partial<Plain<Options>>;
  targets?: Target[];
  fieldConfig: {
    defaults: Omit<Plain<Field>, "custom"> & { custom?: Partial<Plain<Custom>> };
    overrides: Plain<NonNullable<Panel["fieldConfig"]>["overrides"]>;
  };
};

type Drawn =
  | Of<"bargauge", BarGauge.Options>
  | Of<"gauge", Gauge.Options>
  | Of<"heatmap", Heatmap.Options, Heatmap.FieldConfig>
  | Of<"stat", Stat.Options>
  | Of<"state-timeline", StateTimeline.Options, StateTimeline.FieldConfig>
  | Of<"table", Table.Options, Table.FieldConfig>
  | Of<"text", Text.Options>
  | Of<"timeseries", TimeSeries.Options, TimeSeries.FieldConfig>;

// What its editors write besides, and its types leave out.
type Variable = Plain<VariableModel> & { definition?: string };
type Annotation = Plain<AnnotationQuery> & {
  expr?: string;
  step?: string;
  tagKeys?: string;
  textFormat?: string;
  titleFormat?: string;
};

export type Checked = Omit<Plain<Dashboard>, "panels" | "templating" | "annotations"> & {
  panels: (Drawn | Plain<RowPanel>)[];
  templating: { list: Variable[] };
  annotations: { list: Annotation[] };
};
