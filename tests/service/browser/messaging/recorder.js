// Records every request, wait and failure of `zendesk-auth.js`.
var record = { requests: 0, waits: [], failures: [], hurry: 1 };
{
  const { fetch, setTimeout } = window;
  window.fetch = (...request) => {
    record.requests += 1;
    return fetch(...request);
  };
  window.setTimeout = (callback, milliseconds, ...rest) => {
    const wait = { milliseconds, isOver: false };
    record.waits.push(wait);
    return setTimeout(() => {
      callback(...rest);
      wait.isOver = true;
    }, milliseconds / record.hurry);
  };
}
