const reading = /^(?:GET|HEAD|OPTIONS|TRACE|PROPFIND|SEARCH|REPORT|QUERY)$/;

/** Does a request of this method ask only? What no route says otherwise of counts as a write if it does not. */
export const isReadingMethod = (method: string): boolean => reading.test(method);
