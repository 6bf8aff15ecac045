module atelier/node/pause

go 1.25.0
