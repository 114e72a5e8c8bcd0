package guacapi

import "time"

func init() { createPause = time.Millisecond }
