export default {
  context: 'timekeeping',
  data: 'replicated',
  monolith: { url: { env: 'HR_URL' }, database: { env: 'HR_DATABASE_URL' } },
  service: { url: { env: 'TIME_URL' }, database: { env: 'TIME_DATABASE_URL' } },
  identity: ['header:x-user'],
  routes: [
    { name: 'days', method: 'GET', path: '/staff/:employeeNo/days', kind: 'read' },
    { name: 'day', method: 'GET', path: '/staff/:employeeNo/days/:workDay', kind: 'read' },
    { name: 'put-day', method: 'PUT', path: '/staff/:employeeNo/days/:workDay', kind: 'write' },
    {
      name: 'delete-day',
      method: 'DELETE',
      path: '/staff/:employeeNo/days/:workDay',
      kind: 'write',
    },
    {
      name: 'add-minutes',
      method: 'POST',
      path: '/staff/:employeeNo/days/:workDay/add',
      kind: 'write',
    },
    {
      name: 'approve',
      method: 'POST',
      path: '/staff/:employeeNo/days/:workDay/approve',
      kind: 'write',
    },
    {
      name: 'add-note',
      method: 'POST',
      path: '/staff/:employeeNo/days/:workDay/notes',
      kind: 'write',
    },
  ],
  tables: [
    {
      monolith: 'hr.timeEntry',
      service: [
        {
          table: 'day_record',
          columns: {
            employeeNo: 'staff_no',
            workDay: 'on_day',
            minutesWorked: 'minutes',
            state: { to: 'record_state', values: { O: 'open', A: 'approved' } },
            changedAt: 'changed',
          },
        },
      ],
    },
    {
      monolith: 'hr.entryNote',
      service: [
        {
          table: 'remark',
          columns: {
            employeeNo: 'staff_no',
            workDay: 'on_day',
            noteNo: 'remark_no',
            noteText: 'body',
          },
        },
      ],
      ids: { noteNo: { monolith: 'hr.noteNumber', service: 'remark_numbers' } },
    },
  ],
  foreignKeys: {
    monolith: {
      'hr.timeEntry.timeEntry_employeeNo_fkey': {
        onApply: 'park',
        reason: 'A day of somebody who is not employed is a mistake.',
      },
    },
  },
  gates: {
    pacts: false,
    minShadowReads: 20,
    rampMinRequests: 10,
    rampMaxLatencyRatio: 100,
    retireAfterDays: 0,
  },
};
