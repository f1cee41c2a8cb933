/** Stands in a row for what Debezium wrote there: PostgreSQL's text of the value, as it was read at its source. */
export class ReadText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
