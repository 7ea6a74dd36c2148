class Timeline: pass
